"""Detection of regular expressions that are open to denial of service (ReDoS), such as `(a+)+$`."""
