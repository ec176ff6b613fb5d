"""The pages for people, the interface for systems, the console for the team."""
