"""Life without internet: what is reached, what follows from it, and what happened meanwhile."""
