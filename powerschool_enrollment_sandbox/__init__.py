"""A stand-in for the PowerSchool Enrollment API: a real HTTP server with a believable district in it."""
