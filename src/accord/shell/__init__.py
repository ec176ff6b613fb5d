"""The world: databases, mail servers, browsers, terminals."""
