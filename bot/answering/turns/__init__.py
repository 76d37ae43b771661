"""The life of a turn: the queue as a service, the worker, leases, replicas."""
