"""The way back: from the bytes of whatever came back after a mail to what it is, as data; nothing is believed here."""
