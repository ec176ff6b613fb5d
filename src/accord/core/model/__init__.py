"""The nouns: frozen, slotted dataclasses and the tables that say how they may change."""
