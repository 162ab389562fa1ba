#include <curl/curl.h>
#include <sys/socket.h>

// Swift cannot call functions with a variable number of arguments: one of each kind of value in their place.
static inline CURLcode hone_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hone_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hone_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hone_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hone_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
typedef size_t (*hone_curl_sink)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode hone_curl_set_sink(CURL *easy, CURLoption option, hone_curl_sink value) {
    return curl_easy_setopt(easy, option, value);
}
static inline long hone_curl_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}
static inline void *hone_curl_context(CURL *easy) {
    char *value = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}
// The transfer of a finished message, whose result is a union in C.
static inline CURLcode hone_curl_result(const CURLMsg *message) {
    return message->data.result;
}
// A program that is started meanwhile must not get a connection, which would stay open until that program ends.
static inline curl_socket_t hone_curl_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)context;
    (void)purpose;
#ifdef SOCK_CLOEXEC
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    return socket(address->family, address->socktype, address->protocol);
#endif
}
static inline CURLcode hone_curl_keep_sockets(CURL *easy) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, hone_curl_open_socket);
}
