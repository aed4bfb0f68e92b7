"""Heartline measured against plain Faust, Quix Streams and a bare loop, on a real Apache Kafka: `make bench`."""
