"""People and what they say: consents collected, sign-ups, rights asked for, and how long anybody is kept."""
