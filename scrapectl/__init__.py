"""Plan it like Terraform, run it like Scrapy Cloud, in your own AWS account."""
