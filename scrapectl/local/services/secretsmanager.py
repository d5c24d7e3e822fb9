"""What AWS does with secretsmanager that moto does not."""
