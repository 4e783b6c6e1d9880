"""Detection: what makes a name or a value a secret, such as `apiKey` or `4111 1111 1111 1111`."""
