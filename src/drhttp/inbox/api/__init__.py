"""The JSON API that docs/inbox-api.md describes, for the page and for programs."""
