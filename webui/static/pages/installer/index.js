// The pages of the installer: the box itself.

export default [];
