"""The HTTP interface: views (what it says), problems (how it refuses), routes, and the functions they stand on."""
