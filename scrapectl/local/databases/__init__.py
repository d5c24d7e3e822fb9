"""Real database servers of this machine that stand in for RDS instances of the embedded cloud."""
