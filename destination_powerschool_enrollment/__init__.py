"""The Airbyte destination for the PowerSchool Enrollment API."""
