// The pages of the administrator: the office.

export default [];
