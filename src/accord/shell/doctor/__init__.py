"""`scenario doctor`: what mail needs to arrive, looked at one by one; the list is EXAMINATIONS."""
