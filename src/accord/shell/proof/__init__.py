"""For those who must prove: the proof pack of one person, the register, the census, the replay."""
