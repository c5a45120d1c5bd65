// The pages of a user: everything of one's own.

export default [];
