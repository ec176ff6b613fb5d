"""Out: each mail judged again at the door, written, handed over, and its ending told."""
