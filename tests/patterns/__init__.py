"""The nox session `patterns`: checks regular expressions with an analyzer."""
