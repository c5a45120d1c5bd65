"""A small SIP phone for the terminal: for newcomers, installers and tests; programs drive it line by line."""
