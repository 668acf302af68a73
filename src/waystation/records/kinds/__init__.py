"""Every kind of record, one module per part of the work. `REGISTRY` in `records` holds them all."""
