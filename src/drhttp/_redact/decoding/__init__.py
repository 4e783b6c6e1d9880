"""From bytes to text and back."""
