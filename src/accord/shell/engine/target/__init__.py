"""The opt-out target: counted once a day, judged, and told to those who watch it."""
