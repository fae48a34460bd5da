"""What happens after a finding: incidents, drafts, approvals, follow-up."""
