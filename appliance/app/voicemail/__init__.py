"""What the dialogues of voicemail ask of the disk: messages, greetings, PINs, and the news they make."""
