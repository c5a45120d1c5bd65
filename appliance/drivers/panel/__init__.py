"""The box's front: two lamps, a button to enrol, a button to reset."""
