"""The ways back: one file each for what comes to us."""
