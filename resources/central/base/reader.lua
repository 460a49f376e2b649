-- A reader only reads: what would change the archive is refused, whatever the load balancer does.
function IncomingHttpRequestFilter(method, uri, ip, username, httpHeaders)
  return method == 'GET' or method == 'HEAD'
end
