"""The law: what was collected, what may be sent, how long it may be kept."""
