"""What we know: pure values in, pure values out; no clock, no dice, no files, no framework."""
