"""Runs spiders: schedule, child process, manners and guards."""
