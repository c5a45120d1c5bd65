"""One configuration in two places: envelopes, transport through NATS JetStream, the hub's layout."""
