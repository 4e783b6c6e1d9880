"""The store on ClickHouse, which any number of receivers share."""
