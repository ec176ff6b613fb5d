"""From a template and a person to the bytes of one e-mail; nothing here decides who gets it."""
