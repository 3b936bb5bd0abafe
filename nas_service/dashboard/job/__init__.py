"""One job: a page of panels."""
