"""The cluster: who works, who waits."""
