"""From the queue to the network: batches, masking and encoding, POSTs, retries."""
