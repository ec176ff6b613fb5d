"""The way back: what came back is known again, believed where it can be, told, and handed on to people."""
