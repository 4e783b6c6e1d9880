"""Formats: one module for each format that holds secrets, such as JSON, forms, CSV, XML, GraphQL and plain text."""
