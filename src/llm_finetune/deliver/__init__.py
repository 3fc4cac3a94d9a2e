"""The deliver floor: hand the result on as a merged model or to the Hub."""
