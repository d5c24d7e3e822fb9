"""What AWS does with ssm that moto does not."""
