"""What is secret: by its name, by its form, by its check digits."""
