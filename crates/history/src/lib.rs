//! Recorded markets: candles, mark prices and funding from CSV and Parquet.
