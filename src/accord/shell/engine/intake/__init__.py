"""In: people, events and orders as files and other systems tell them, read, refused or taken."""
