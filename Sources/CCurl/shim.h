#include <curl/curl.h>

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
