"""Makes the folder a user works in. Knows nothing of what is done in it later."""
