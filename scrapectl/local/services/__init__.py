"""Our operations, one file for each AWS service that moto lacks or is laxer in than AWS."""
